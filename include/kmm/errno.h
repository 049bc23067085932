/* SPDX-License-Identifier: MIT */
/*
 * kmm/errno.h - error numbers. Functions of the core return them negated.
 *
 * The values are Linux's. Each is guarded, so that a hosted program may have
 * included its own <errno.h> before.
 */
#ifndef KMM_ERRNO_H
#define KMM_ERRNO_H

#ifndef EPERM
#define EPERM	1	/* not allowed */
#endif
#ifndef ENOENT
#define ENOENT	2	/* no such thing */
#endif
#ifndef EINTR
#define EINTR	4	/* interrupted */
#endif
#ifndef EIO
#define EIO	5	/* the device failed */
#endif
#ifndef ENXIO
#define ENXIO	6	/* no such address */
#endif
#ifndef E2BIG
#define E2BIG	7	/* list too long */
#endif
#ifndef EAGAIN
#define EAGAIN	11	/* not now, try again */
#endif
#ifndef ENOMEM
#define ENOMEM	12	/* out of memory */
#endif
#ifndef EFAULT
#define EACCES	13	/* not this way */
#define EFAULT	14	/* bad address */
#endif
#ifndef EBUSY
#define EBUSY	16	/* in use */
#endif
#ifndef EEXIST
#define EEXIST	17	/* is there already */
#endif
#ifndef ENODEV
#define ENODEV	19	/* no such device */
#endif
#ifndef EINVAL
#define EINVAL	22	/* bad argument */
#endif
#ifndef EFBIG
#define EFBIG	27	/* too large */
#endif
#ifndef ENOSPC
#define ENOSPC	28	/* no room */
#endif
#ifndef ERANGE
#define ERANGE	34	/* does not fit the result */
#endif
#ifndef ENAMETOOLONG
#define ENAMETOOLONG 36	/* text too long */
#endif
#ifndef ENOSYS
#define ENOSYS	38	/* not implemented */
#endif
#ifndef ENODATA
#define ENODATA	61	/* nothing there */
#endif
#ifndef EOVERFLOW
#define EOVERFLOW 75	/* number too large */
#endif
#ifndef EOPNOTSUPP
#define EOPNOTSUPP 95	/* not supported here */
#endif

#endif
